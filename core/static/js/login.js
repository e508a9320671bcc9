// The sign-in page: show the password on wish, and never send the form twice.

const show = document.getElementById("show-password");
const password = document.getElementById("password");
show.closest("label").hidden = false;
show.addEventListener("change", () => {
  password.type = show.checked ? "text" : "password";
});

const form = password.form;
form.addEventListener("submit", (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => delete form.dataset.sent);

// The supervisor's page over all promises: the list, whose they are, who is away, new ones.

import { wireDialogs } from "./dialogs.js";
import { assignTo, loadCompanions, wireCompanions } from "./promises_companions.js";
import { wireNewPromise } from "./promises_new.js";
import { revealOf, wireReveal } from "./promises_reveal.js";
import { decideAbout, wireDecision } from "./worklist_decision.js";
import { showList } from "./worklist_list.js";
import { wireTabs } from "./worklist_tabs.js";

// Each look at the list is an entry in the access log.
const LIST_MS = 60_000;

const list = () => showList({ decide: decideAbout, assign: assignTo, reveal: revealOf });
const refresh = () => Promise.all([list(), loadCompanions()]);

wireDialogs();
wireTabs(list);
wireDecision(refresh);
wireReveal();
wireCompanions(refresh);
wireNewPromise(refresh);
window.setInterval(() => document.visibilityState === "visible" && refresh(), LIST_MS);
refresh();

"""What the line says and where it lives, put together once for rendering."""

from collections.abc import Mapping

from core.services import Services
from ivr.menu import Menus, load_menus
from ivr.prompts import Prompts, load_prompts
from ivr.twiml import Page

MENUS: Menus = load_menus()
PROMPTS: Mapping[str, Prompts] = load_prompts()


def page(services: Services) -> Page:
    """Return what rendering a document, or naming one of our URLs, needs."""
    return Page(services.config.public_base_url, services.config.helpline_number, PROMPTS)

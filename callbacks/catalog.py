"""The sentences of this room's pages: its own, then the desk's, then every page's."""

from pathlib import Path

import counselors
from core.web.languages import CORE_WORDS, Catalog

DESK_WORDS = Catalog(Path(counselors.__file__).with_name("words.toml"), CORE_WORDS)
WORDS = Catalog(Path(__file__).with_name("words.toml"), DESK_WORDS)

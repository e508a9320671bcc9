"""What the line says, by language and key. Pure: read once, then only looked up."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

HERE = Path(__file__).parent
DEFAULT_LANGUAGE = "ko"


class PromptMissing(KeyError):
    """A prompt has no text in this language. Add it to ivr/prompts/<language>.toml."""


@dataclass(frozen=True)
class Prompts:
    """The prompts of one language. version is stored with what must be proved to be heard."""

    version: str
    language: str
    voice: str
    text: Mapping[str, str]

    def say(self, key: str, values: Mapping[str, object]) -> str:
        """Return the text of `key` with `values` filled in. Raises PromptMissing."""
        try:
            return self.text[key].format(**values)
        except KeyError as error:
            raise PromptMissing(f"{self.language}: {key} ({error})") from error


def load_prompts(folder: Path = HERE) -> Mapping[str, Prompts]:
    """Read every language in `folder`; the file name is the language."""
    return MappingProxyType({path.stem: _read(path) for path in sorted(folder.glob("*.toml"))})


def _read(path: Path) -> Prompts:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Prompts(
        raw["version"], raw["language"], raw["voice"], MappingProxyType(dict(raw["text"]))
    )

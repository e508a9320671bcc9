"""Files keep their address until any of them changes."""

from pathlib import Path

from core.web.static_files import KEEP, ROOT, cache_control, version


def test_the_version_follows_content_and_names(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("one")
    first = version(tmp_path)
    version.cache_clear()
    assert version(tmp_path) == first
    (tmp_path / "a.js").write_text("two")
    version.cache_clear()
    second = version(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    version.cache_clear()
    assert len({first, second, version(tmp_path)}) == 3


def test_only_the_current_version_is_kept() -> None:
    assert cache_control(version()) == KEEP
    assert cache_control("000000000000") == "no-cache"


ALONE = "day_picture.html"
"""Opens without a server: its own policy names its one style and one script by digest."""


def test_no_style_or_script_stands_inline_in_a_template() -> None:
    rooms = ROOT.parents[1]
    templates = [
        *rooms.glob("core/web/templates/*.html"),
        *rooms.glob("counselors/templates/*.html"),
        *rooms.glob("supervision/templates/*.html"),
    ]
    assert len(templates) > 5
    for template in templates:
        if template.name == ALONE:
            continue
        text = template.read_text("utf-8")
        assert " style=" not in text, template.name
        assert "<style" not in text, template.name
        assert " onclick=" not in text, template.name
        for script in text.split("<script")[1:]:
            tag = script.split(">", 1)[0]
            assert "src=" in tag or 'type="application/json"' in tag, template.name

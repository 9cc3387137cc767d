"""The extension's zip and the checks that Blender's own validator leaves out."""

import re
import zipfile

import pytest

from threepoint.tools import build
from threepoint.tools.packaging.manifest import manifest_problems
from threepoint.tools.support import manual
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.support.imports import imported_files, source_files

STARTED = tuple(f"model_core/worker/{name}.py" for name in ("worker", "server", "session", "reading"))
"""What runs in other processes than Blender's: the first starts the others by their names."""
READERS = "model_core/recordings/formats"
"""Found by looking into their folder; no import names them."""
WEIGHTS = {
    "body.npz", "fingers.npz", "posture.npz",
    "flag.safetensors", "sage_diffusion.safetensors", "sage_decoder.safetensors",
    "sage_vqvae.safetensors", "sage_companion_diffusion.safetensors", "sage_companion_decoder.safetensors",
    "flag.md", "sage.md", "NOTICE.md", "manifest.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    path = build.build(tmp_path_factory.mktemp("dist"))
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def reachable():
    """Every module that Blender or the engine may import."""
    waiting = {ROOT / "__init__.py", *(ROOT / name for name in STARTED)}
    waiting |= {*(ROOT / "blender_addon").rglob("*.py"), *(ROOT / READERS).glob("*.py")}
    seen, modules = set(), set(source_files(ROOT))
    while waiting:
        path = waiting.pop()
        seen.add(path)
        packages = {folder / "__init__.py" for folder in path.parents if folder.is_relative_to(ROOT)}
        waiting |= ({*imported_files(path, ROOT), *packages} - seen) & modules
    return {str(path.relative_to(ROOT)) for path in seen}


def test_the_zip_holds_what_is_needed(names):
    assert {"blender_manifest.toml", "__init__.py", "LICENSE", "blender_addon/avatar/bake.py"} <= names
    assert reachable() <= names


def test_the_zip_holds_no_code_that_nothing_in_it_imports(names):
    modules = {name for name in names if name.endswith(".py")}
    assert modules - reachable() == set()


def test_the_zip_holds_only_weights_that_the_engine_loads(names):
    assert {name.removeprefix("weights/") for name in names if name.startswith("weights/")} == WEIGHTS


def test_the_zip_holds_nothing_else(names):
    others = {name for name in names if not name.endswith(".py") and not name.startswith(("weights/", "manual/"))}
    locks = {f"blender_addon/engine/requirements{kind}.txt" for kind in ("", "-pip")}
    sample = {f"blender_addon/sample/{name}" for name in ("sample.json", "NOTICE.md")}
    assert others == {"blender_manifest.toml", "LICENSE", *sample, *locks}


def test_the_manual_of_the_zip_leads_nowhere_outside_of_it_and_shows_all_its_pictures(tmp_path, names):
    manual.write_manual(tmp_path / "manual")
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {name for name in names if name.startswith("manual/")} and len(files) > 5
    pages = {name: (tmp_path / "manual" / f"{name}.html").read_text(encoding="utf-8") for name in manual.PAGES}
    places = {f"{name}.html#{place}" for name, text in pages.items() for place in re.findall(r'id="([^"]+)"', text)}
    places |= {f"{name}.html" for name in pages}
    for name, text in pages.items():
        for link in re.findall(r'href="([^"]+)"', text):
            assert (f"{name}.html{link}" if link.startswith("#") else link) in places, link
        assert all(f"manual/{picture}" in files for picture in re.findall(r'src="([^"]+)"', text))
        assert "](" not in text and "**" not in text and "| ---" not in text


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("- a\n  b\n\n  c\n- *d*", "<ul><li><p>a b</p><p>c</p></li><li><p><i>d</i></p></li></ul>"),
        ("1. a\n2. b", "<ol><li><p>a</p></li><li><p>b</p></li></ol>"),
        ("a `*<b>*`\n**c** 2 * 3", "<p>a <code>*&lt;b&gt;*</code> <b>c</b> 2 * 3</p>"),
        (
            "| a | b |\n| --- | --- |\n| c | |",
            "<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td></td></tr></table>",
        ),
        ("```\na < b\n```\nc", "<pre>a &lt; b</pre><p>c</p>"),
        ("[x](recordings.md#y) ![z](z.png)", '<p><a href="recordings.html#y">x</a> <img alt="z" src="z.png"></p>'),
        ("[x](training.md) [y](#z)", '<p>x <a href="#z">y</a></p>'),
    ],
)
def test_the_manuals_markdown_becomes_html(markdown, html):
    assert "".join(manual.blocks(markdown.splitlines())) == html


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"license": ["GPL-3.0-or-later"]}, "should begin with SPDX:"),
        ({"platforms": ["linux"]}, "platform 'linux' should be one of"),
        ({"tags": ["Motion"]}, "tag 'Motion'"),
    ],
)
def test_mistakes_that_blender_lets_pass_are_named(change, message):
    manifest = {"license": ["SPDX:GPL-3.0-or-later"], "version": "0.1.0", "tags": ["Animation"]}
    assert manifest_problems(manifest) == []
    (problem,) = manifest_problems(manifest | change)
    assert message in problem


def test_what_blender_refuses_is_passed_on(tmp_path):
    (tmp_path / "blender_manifest.toml").write_text('id = "no"\n')
    with pytest.raises(build.InputError, match="Blender refuses"):
        build.blender_extension("build", f"--source-dir={tmp_path}", f"--output-dir={tmp_path}")

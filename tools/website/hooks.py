"""What MkDocs calls while it builds the site (``hooks`` of ``mkdocs.yml``): pages from elsewhere, lists, equations.

It runs in the site's own environment, which alone has these packages.
"""
# pyright: reportMissingImports=false

import html
import re

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

# MkDocs loads this file by its path, in which relative imports have nothing to be relative to.
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.website.lists import for_python_markdown
from threepoint.tools.website.pages import OTHER_PAGES, for_the_site, repository_path

EQUATION = re.compile(
    r'<(span|div) class="arithmatex">(?:\\\((?P<inline>.*?)\\\)|\\\[(?P<block>.*?)\\\])</\1>', re.DOTALL
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leave out the page that a server shows for what is not there: its links are absolute."""
    config.theme.static_templates.discard("404.html")
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere than in ``docs``."""
    for path in OTHER_PAGES:
        files.append(File(path, str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead a page's links to the site's pages, and write its lists as Python-Markdown reads them."""
    return for_python_markdown(for_the_site(markdown, repository_path(page.file.src_uri)))


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn equations into MathML, which browsers draw by themselves."""
    return EQUATION.sub(_mathml, content)


def _mathml(found: re.Match[str]) -> str:
    block = found["block"]
    latex = html.unescape(found["inline"] if block is None else block).strip()
    mathml = convert(latex, display="inline" if block is None else "block")
    return mathml if block is None else f'<div class="equation">{mathml}</div>'

"""Cut the manual's pictures out of a run's: ``.venv/bin/python tests/gui/pictures.py FOLDER-pictures``.

FOLDER-pictures is what ``run.py sid FOLDER PYTHON`` made: places are those of Blender 5.2's window of 1600 x 1200.
"""

import sys
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).resolve().parent.parent.parent / "docs" / "pictures"
PICTURES = {
    "blender_window.png": (0.8, [("19_for_the_manual.png", (440, 76, 1312, 976))]),
    "blender_engine.png": (0.8, [("14_preferences_installing.png", (178, 276, 1308, 504))]),
    "blender_columns.png": (
        1.0,
        [("16_import_dialog.png", (1352, 76, 1598, 600)), ("20_columns_chosen.png", (1352, 76, 1598, 916))],
    ),
    "blender_predicting.png": (1.0, [("04_predicting.png", (1030, 470, 1286, 882))]),
    "blender_uncertainty.png": (1.0, [("30_uncertainty.png", (1030, 86, 1286, 338))]),
    "blender_feet.png": (0.6, [("17_feet.png", (100, 200, 1240, 800))]),
    "blender_killed.png": (1.0, [("05_killed.png", (614, 541, 1312, 600))]),
}
"""The manual's picture -> its scale, and what it is cut out of: (picture, (left, top, right, bottom)) side by side."""
MANY_COLOURED = ("blender_window.png", "blender_uncertainty.png")
GAP = 26
COLOURS = 255
"""Of a palette: most of a window has few, and the files are a third as large."""


def main(folder):
    """Write all pictures of the manual that show a window."""
    for name, (scale, parts) in PICTURES.items():
        cuts = [Image.open(Path(folder) / source).convert("RGB").crop(box) for source, box in parts]
        sheet = Image.new("RGB", (sum(cut.width + GAP for cut in cuts) - GAP, max(cut.height for cut in cuts)), "white")
        left = 0
        for cut in cuts:
            sheet.paste(cut, (left, 0))
            left += cut.width + GAP
        size = (round(scale * sheet.width), round(scale * sheet.height))
        sheet = sheet.resize(size, Image.Resampling.LANCZOS)
        if name not in MANY_COLOURED:
            sheet = sheet.quantize(COLOURS)
        sheet.save(TARGET / name, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

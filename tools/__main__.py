"""``python3 tools COMMAND`` makes ``.venv`` where there is none and goes on in it.

``python3 -m threepoint.tools COMMAND`` runs in the Python at hand, where ``threepoint`` can be imported.
"""

import sys
from pathlib import Path

if __package__:
    from .cli import main

    main()
else:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # In place of this folder: ``import test`` is Python's.
    from tools.cli import main, start

    main(start)

"""Small wheels in place of the engine's, which are as large as the extension itself: their names alone are real."""

import base64
import hashlib
import re
import zipfile

BINARY = {"torch", "safetensors", "fpzip", "h5py", "markupsafe"}
TORCH = """
__version__ = "2.13.0+standin"
"""


def make(folder, package, version, tag="py3-none-any", code=""):
    """A wheel of one module; its path."""
    name = re.sub("[-.]", "_", package)
    about, path = f"{name}-{version}.dist-info", folder / f"{name}-{version}-{tag}.whl"
    files = {
        f"{name}/__init__.py": code,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    record = ""
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{file},sha256={digest},{len(text)}\n"
        archive.writestr(f"{about}/RECORD", record + f"{about}/RECORD,,\n")
    return path


def download(requirements, tags, python, folder, options, what):
    """In place of pip: a stand-in for each entry of a lock, with the tags that its real wheel has."""
    number = "cp" + python.replace(".", "")
    for package, version in re.findall(r"^([\w.-]+)==([\w.+]+)", requirements, re.MULTILINE):
        abi = "cp310-abi3" if package == "safetensors" else f"{number}-{number}"
        tag = f"{abi}-{tags[0]}" if package in BINARY else "py3-none-any"
        make(folder, package, version, tag, TORCH if package == "torch" else "")

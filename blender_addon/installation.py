"""The engine's own environment in Blender's user folder: made in the background, resumed, cancelled, removed.

Blender's own Python makes it, so that a wheel for it is one for Blender's version; nothing is installed into Blender.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import bpy

PACKAGE = __package__.rpartition(".")[0]
TORCH = "torch>=2.6,<3"
OTHERS = ("numpy>=1.26,<3", "scipy>=1.15", "safetensors>=0.5")
TORCH_INDEXES = "https://download.pytorch.org/whl/"
CUDA_BUILD, ROCM_BUILD, CPU_BUILD = "cu130", "rocm6.4", "cpu"
"""Names of PyTorch's indexes; the preferences take another address where a driver needs one."""
STAMP = "ready"
STEP_LINES = 60
"""About so many lines pip prints: only the progress bar depends on it."""

_work = None


def folder():
    """Where the environment lies."""
    return Path(bpy.utils.extension_path_user(PACKAGE, path="engine", create=True))


def python():
    """The environment's interpreter."""
    return folder() / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_ready():
    """Whether the environment was finished for just these requirements."""
    if not PACKAGE.startswith("bl_ext."):
        return False
    stamp = folder() / STAMP
    return stamp.is_file() and stamp.read_text() == _stamp() and python().is_file()


def _stamp():
    return " ".join([sys.version.split()[0], TORCH, *OTHERS])


def torch_index():
    """Address of the index that has torch for the GPU that is here; None: the one that pip asks by itself."""
    if sys.platform == "darwin":
        return None  # The one build has Metal.
    if shutil.which("nvidia-smi") is not None:
        return TORCH_INDEXES + CUDA_BUILD if os.name == "nt" else None  # On Linux pip's own torch has CUDA.
    if os.path.exists("/dev/kfd"):
        return TORCH_INDEXES + ROCM_BUILD
    return TORCH_INDEXES + CPU_BUILD if platform.machine() in ("x86_64", "AMD64") else None


def current():
    """The installation that is running or was the last one to run, or None."""
    return _work


def start(index=None):
    """Begin to install, or go on where the last one stopped. ``index``: address of the package index for torch."""
    global _work
    if _work is None or not _work.running:
        _work = Installation(folder(), index or torch_index())
    return _work


def remove():
    """Delete the environment."""
    shutil.rmtree(folder(), ignore_errors=True)


def stop():
    """End an installation that is running."""
    if _work is not None:
        _work.cancel()


class Installation:
    """An installation in the background. ``fraction`` and ``line`` say how far it is, ``error`` what went wrong."""

    def __init__(self, target, index):
        self.target, self.index = target, index
        self.fraction, self.line, self.error = 0.0, "Making the environment", ""
        self._process, self._cancelled = None, False
        self._stamp = _stamp()
        self._interpreter = python()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def running(self):
        return self._thread.is_alive()

    def cancel(self):
        """Stop; what was downloaded is kept for the next time."""
        self._cancelled = True
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _run(self):
        environment = self.target / "environment"
        with open(self.target / "log.txt", "w", encoding="utf-8") as log:
            for command in self._commands(environment):
                if self._cancelled or not self._do(command, log):
                    self.error = "Cancelled" if self._cancelled else f"{self.line} (log: {log.name})"
                    return
        (self.target / STAMP).write_text(self._stamp)
        self.fraction, self.line = 1.0, "Ready"

    def _commands(self, environment):
        if not self._interpreter.is_file():
            yield [sys.executable, "-I", "-m", "venv", "--clear", str(environment)]
        pip = [str(self._interpreter), "-I", "-m", "pip", "install", "--disable-pip-version-check"]
        pip += ["--progress-bar=off", "--cache-dir", str(self.target / "cache")]
        yield [*pip, TORCH, *(["--index-url", self.index] if self.index else [])]
        yield [*pip, *OTHERS]

    def _do(self, command, log):
        """Run a program, its last line shown; whether it ended well."""
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
        )
        for line in self._process.stdout:
            log.write(line)
            log.flush()
            self.line = re.sub(r"\s+", " ", line).strip()[:100]
            self.fraction += (0.98 - self.fraction) / STEP_LINES
        return self._process.wait() == 0


class THREEPOINT_OT_install_engine(bpy.types.Operator):
    """Download torch and what else predicts motions into an environment of its own (0.3 to 3 GB)"""

    bl_idname = "threepoint.install_engine"
    bl_label = "Install Engine"

    @classmethod
    def poll(cls, context):
        if not bpy.app.online_access:
            cls.poll_message_set("Allow online access in Preferences > System > Network first")
        return bpy.app.online_access

    def execute(self, context):
        from .preferences import preferences

        start(preferences().torch_index)
        bpy.app.timers.register(_redraw_preferences, first_interval=0.2)
        return {"FINISHED"}


def _redraw_preferences():
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
    return 0.2 if _work is not None and _work.running else None


class THREEPOINT_OT_cancel_installation(bpy.types.Operator):
    """Stop installing; what was downloaded is kept for the next time"""

    bl_idname = "threepoint.cancel_installation"
    bl_label = "Cancel"

    def execute(self, context):
        stop()
        return {"FINISHED"}


class THREEPOINT_OT_remove_engine(bpy.types.Operator):
    """Delete the engine's environment and what was downloaded for it"""

    bl_idname = "threepoint.remove_engine"
    bl_label = "Remove Engine"

    def invoke(self, context, event):
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context):
        from . import engine

        engine.stop()
        remove()
        self.report({"INFO"}, "The engine is removed")
        return {"FINISHED"}


CLASSES = (THREEPOINT_OT_install_engine, THREEPOINT_OT_cancel_installation, THREEPOINT_OT_remove_engine)


def register():
    for kind in CLASSES:
        bpy.utils.register_class(kind)


def unregister():
    stop()
    if bpy.app.timers.is_registered(_redraw_preferences):
        bpy.app.timers.unregister(_redraw_preferences)
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)

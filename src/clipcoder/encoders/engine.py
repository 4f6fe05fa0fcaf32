"""ONNX Runtime, told to keep to itself before it is loaded.

From version 1.32 on it reports its use to its makers unless ``ORT_DISABLE_TELEMETRY`` is set when it is first
imported. Photos are nobody's business, so every other module takes ``onnxruntime`` from here. Who wants to
report sets the variable to 0.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["onnxruntime"]

"""Folders of ONNX exports, without torch."""

"""From a model of open_clip to a folder of ONNX files."""

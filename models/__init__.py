"""The recognition models: manifests, weights, engines, labels and boxes.

Importing this package loads neither OpenCV nor an inference engine.
"""

"""The real default models, loaded once a session and converted once a run."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage
from shared_folders import REPORTS, converted_models

from phototagd.models.analyzer import Analyzer, load_analyzer
from phototagd.models.settings import ModelSettings

SAMPLES = Path(skimage.__file__).parent / "data"
TUTORIAL = Path(__file__).parents[3] / "shared" / "photos"


@pytest.fixture(scope="session")
def cache_directory(tmp_path_factory):
    return converted_models(tmp_path_factory)


@pytest.fixture(scope="session")
def reports(cache_directory):
    """What was reported while the models were loaded for the first time."""
    return (cache_directory / REPORTS).read_text().splitlines()


@pytest.fixture(scope="session")
def settings(cache_directory):
    return ModelSettings(precision="f32", threads=2, cache_directory=cache_directory)


@pytest.fixture(scope="session")
def openvino(settings) -> Analyzer:
    pytest.importorskip("openvino", reason="OpenVINO has no wheel for this machine")
    return load_analyzer(settings, print)


@pytest.fixture(scope="session")
def opencv(cache_directory) -> Analyzer:
    settings = ModelSettings(classifier="", engine="opencv", cache_directory=cache_directory)
    return load_analyzer(settings, print)


@pytest.fixture
def photo():
    """Read one of scikit-image's photos by file name as BGR."""

    def read(name):
        picture = cv2.imdecode(np.fromfile(SAMPLES / name, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None, name
        return picture

    return read


@pytest.fixture
def tutorial_photo():
    """Read a photo of the tutorial, if the folder stands beside the checkout."""

    def read(name):
        if not (TUTORIAL / name).is_file():
            pytest.skip("the tutorial's photos are not beside this checkout")
        return cv2.imread(str(TUTORIAL / name))

    return read

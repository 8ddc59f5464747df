"""Pictures become the tensors that the networks were trained on, and boxes find their way back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phototagd.models.manifest import find_manifests
from phototagd.models.preprocess import Preparer, value_table

LITE3 = find_manifests()["efficientnet-lite3-imagenet"].input
SSD = find_manifests()["ssd-mobilenet-v2-coco"].input
SHAPES = [(200, 300), (300, 200), (300, 300), (97, 1013), (640, 481)]


def test_lite3_bytes_are_the_stretched_ones():
    table = value_table(LITE3)[0, :, 0].astype(int)
    pixels = np.arange(256)
    expected = np.clip(np.rint((pixels - 127) / 128 / 0.012667336501181126 + 130), 0, 255)
    assert (table == expected).all()
    assert np.abs(table - (0.6167 * (pixels - 127) + 130)).max() <= 0.51
    assert table[127] == 130
    assert table[255] - table[0] < 160  # raw bytes would span 255


def test_values_beyond_a_byte_are_clipped():
    narrow = replace(LITE3, std=(16.0,) * 3)
    table = value_table(narrow)[0]
    assert (table.min(), table.max(), table.dtype) == (0, 255, np.uint8)


def test_mean_and_std_stand_in_the_order_of_the_colours():
    spec = replace(SSD, mean=(10.0, 20.0, 30.0), std=(1.0, 2.0, 4.0))
    picture = np.full((8, 8, 3), (50, 60, 70), np.uint8)  # blue, green, red
    tensor, _ = Preparer(spec, "NHWC").prepare(picture)
    assert tensor[0, 0, 0].tolist() == [60.0, 20.0, 5.0]
    tensor, _ = Preparer(replace(spec, colour="BGR"), "NHWC").prepare(picture)
    assert tensor[0, 0, 0].tolist() == [40.0, 20.0, 10.0]


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_tensors_are_contiguous_and_of_the_layouts_shape(layout):
    spec = replace(SSD, width=320, height=240)
    tensor, _ = Preparer(spec, layout).prepare(np.zeros((50, 60, 3), np.uint8))
    assert tensor.shape == ((1, 240, 320, 3) if layout == "NHWC" else (1, 3, 240, 320))
    assert tensor.flags.c_contiguous
    assert tensor.dtype == np.float32


def test_both_layouts_hold_the_same_pixels():
    picture = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    rows, _ = Preparer(SSD, "NHWC").prepare(picture)
    planes, _ = Preparer(SSD, "NCHW").prepare(picture)
    assert (rows[0] == picture[..., ::-1]).all()
    assert (planes.transpose(0, 2, 3, 1) == rows).all()


def test_views_of_other_arrays_are_taken():
    picture = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    turned, _ = Preparer(SSD, "NHWC").prepare(picture[::-1, ::-1])
    assert (turned[0] == picture[::-1, ::-1, ::-1]).all()


@pytest.mark.parametrize("resize", ["squash", "crop", "letterbox", "pad"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(300, 300), (416, 256)])
def test_a_box_seen_by_the_network_comes_back_to_its_place(resize, shape, size):
    """A white rectangle in the picture is found in the tensor and mapped back onto itself."""
    spec = replace(SSD, resize=resize, crop=0.9, width=size[0], height=size[1])
    rows, columns = shape
    half = 0.2 * min(rows, columns)  # small enough for every crop to hold it
    top, bottom, left, right = (
        rows / 2 - half,
        rows / 2 + half,
        columns / 2 - half,
        columns / 2 + half,
    )
    picture = np.zeros((rows, columns, 3), np.uint8)
    picture[round(top) : round(bottom), round(left) : round(right)] = 255
    tensor, view = Preparer(spec, "NHWC").prepare(picture)
    ys, xs = np.nonzero(tensor[0, :, :, 0] > 127)
    seen = np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], np.float64)
    back = view.to_picture(seen / [*size, *size])[0] * [columns, rows, columns, rows]
    pixel = max(columns * view.width / size[0], rows * view.height / size[1], 1)
    assert back == pytest.approx([left, top, right, bottom], abs=1.6 * pixel)


def test_a_letterbox_is_centred_and_a_pad_is_not_and_both_have_the_colour():
    spec = replace(SSD, pad_colour=(255.0, 128.0, 0.0))
    picture = np.full((100, 200, 3), 7, np.uint8)
    middle, view = Preparer(replace(spec, resize="letterbox"), "NHWC").prepare(picture)
    assert middle[0, 0, 0].tolist() == middle[0, 299, 299].tolist() == [255.0, 128.0, 0.0]
    assert middle[0, 150, 0].tolist() == [7.0, 7.0, 7.0]
    assert (view.top, view.height) == (-0.5, 2.0)
    corner, view = Preparer(replace(spec, resize="pad"), "NHWC").prepare(picture)
    assert corner[0, 0, 0].tolist() == [7.0, 7.0, 7.0]
    assert corner[0, 299, 0].tolist() == [255.0, 128.0, 0.0]
    assert (view.top, view.height) == (0.0, 2.0)


def test_a_centre_crop_takes_the_middle_of_the_long_side():
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 100:200] = 200
    spec = replace(LITE3, quantization=None, dtype="float32", mean=(0.0,) * 3, std=(1.0,) * 3)
    tensor, view = Preparer(spec, "NHWC").prepare(picture)
    assert (tensor == 200).all()
    assert view.left == pytest.approx(1 / 3)
    assert view.height == 1


def test_shrinking_averages_instead_of_aliasing():
    board = np.indices((1200, 1200)).sum(axis=0) % 2 * 255
    picture = np.repeat(board[..., np.newaxis], 3, axis=2).astype(np.uint8)
    tensor, _ = Preparer(SSD, "NHWC").prepare(picture)
    assert np.abs(tensor - 127.5).max() < 1

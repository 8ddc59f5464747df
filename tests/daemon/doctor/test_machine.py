"""The computer: processors and clocks of other machines, by what their kernels say."""

from __future__ import annotations

import pytest

from phototagd.daemon.doctor.machine import check_clock, check_processor

OLD = "model name\t: Intel(R) Atom(TM) CPU D525\nflags\t\t: fpu sse sse2 ssse3 cx16\n"
NEW = "model name\t: AMD Ryzen\nflags\t\t: sse4_2 avx avx2 fma avx512f avx512_bf16\n"
PI = "Features\t: fp asimd evtstrm crc32 asimddp\nModel\t\t: Raspberry Pi 5 Model B\n"


@pytest.mark.parametrize(
    ("cpuinfo", "machine", "level", "text"),
    [
        (NEW, "x86_64", "ok", "AMD Ryzen"),
        (NEW, "x86_64", "ok", "avx512_bf16"),
        (OLD, "x86_64", "problem", "sse4_2"),
        (PI, "aarch64", "ok", "Raspberry Pi 5 Model B"),
        ("", "x86_64", "ok", "no feature known"),
        ("model name : ARMv7\n", "armv7l", "note", "no OpenVINO for armv7l"),
    ],
)
def test_a_processor_is_judged_by_its_features(
    cpuinfo: str, machine: str, level: str, text: str
) -> None:
    findings = list(check_processor(cpuinfo, machine))

    assert any(str(f.level) == level and text in f.text for f in findings), findings


def test_a_clock_before_the_installation_is_wrong() -> None:
    (wrong,) = check_clock(0.0, 1_700_000_000.0)
    (right,) = check_clock(1_700_000_001.0, 1_700_000_000.0)

    assert (str(wrong.level), str(right.level)) == ("problem", "ok")
    assert "1970-01-01" in wrong.text
    assert "2023-11-14" in wrong.text
    assert wrong.remedy

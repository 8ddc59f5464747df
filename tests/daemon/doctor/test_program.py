"""The packages that the program requires, by the lines of its metadata."""

from __future__ import annotations

from phototagd.daemon.doctor.program import check_packages
from phototagd.models.pip import pip_install


def test_missing_packages_are_told_once_with_the_command() -> None:
    findings = list(
        check_packages(
            [
                "click>=8.1",
                "no-such-thing<5,>=4.10",
                "not-everywhere>=2; sys_platform == 'linux' and platform_machine == 'x86_64'",
                "not-everywhere>=2; sys_platform == 'darwin'",
                'optional>=1; extra == "jxl"',
            ]
        )
    )

    assert [str(finding.level) for finding in findings] == ["problem", "note", "ok"]
    assert "no-such-thing is missing" in findings[0].text
    assert findings[0].remedy == pip_install("no-such-thing<5,>=4.10")
    assert "not-everywhere" in findings[1].text
    assert findings[2].text.startswith("packages: click 8")


def test_an_optional_package_is_listed_where_it_is_there() -> None:
    (finding,) = check_packages(['click>=8.1; extra == "some"'])

    assert finding.text.startswith("packages: click ")

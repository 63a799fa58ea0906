"""The program: arguments in, exit code out. Console script, jobs/ and Airflow all lead here."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING

from tidegauge import __version__
from tidegauge.errors import ExitCode, TidegaugeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

log = logging.getLogger(__name__)

_EPILOG = """\
exit codes:
  0  done (violations are in the store)
  1  a bug, with a traceback
  2  usage, conf or a document is wrong; found before Spark starts
  3  done, with violations, where the conf says on_violation: fail
  4  input missing or unreadable: no capture in the window, too many rejected records
  5  storage or engine failed: safe to try again

start with:
  tidegauge check conf/flights.yaml      is the conf right? prints what is in force
  tidegauge baseline conf/flights.yaml   profile the training data, suggest constraints
  tidegauge monitor conf/flights.yaml    every complete window not yet run, oldest first
  tidegauge report conf/flights.yaml     violations per feature, to partitions and the terminal
"""


def run(*words: str) -> None:
    """The console script `tidegauge`, or one of jobs/ with its command: a process of our own."""
    sys.exit(main([*words, *sys.argv[1:]], alone=True))


def main(argv: Sequence[str], *, alone: bool = False) -> int:
    """Run one command and return its exit code; an expected failure is one sentence on stderr.

    `alone` says that nobody else's code runs in this process, so that a job may set it up for its
    own needs.
    """
    # Before numpy is loaded anywhere: several workers' BLAS threads would fight for the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        arguments = _parser().parse_args(argv, argparse.Namespace(alone=alone))
    except SystemExit as stop:  # argparse has told the usage, or the help
        return int(stop.code or 0)
    from tidegauge.terminal import set_up_logging

    set_up_logging()
    try:
        return _command(arguments)
    except TidegaugeError as error:
        # One sentence, not a traceback: TRY400 would have it the other way.
        log.error("%s", error, extra={"exit_code": int(error.exit_code)})  # noqa: TRY400
        return int(error.exit_code)
    except KeyboardInterrupt:
        log.error("interrupted; the next run takes up what is missing")  # noqa: TRY400
        return int(ExitCode.RETRY)
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)


def _command(arguments: argparse.Namespace) -> int:
    from tidegauge import commands, reviewing, upkeep
    from tidegauge.session import register_on_yarn

    register_on_yarn()
    doors: Mapping[str, Callable[[argparse.Namespace], int]] = {
        "baseline": commands.baseline,
        "monitor": commands.monitor,
        "report": commands.report,
        "check": commands.check,
        "explain": reviewing.explain,
        "replay": reviewing.replay,
        "accept": reviewing.accept,
        "mark": reviewing.mark,
        "status": upkeep.status,
        "doctor": upkeep.doctor,
        "clean": upkeep.clean,
        "athena": upkeep.athena,
        "import baseline": commands.import_baseline,
        "import sagemaker": commands.import_sagemaker,
        "import deequ": commands.import_rules,
        "import great-expectations": commands.import_rules,
        "import dqdl": commands.import_rules,
        "show": commands.show,
    }
    words = (arguments.command, getattr(arguments, "what", None))
    return doors[" ".join(filter(None, words))](arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tidegauge",
        description="Data-quality baselines and model monitoring as Spark batch jobs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tidegauge {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    baseline = commands.add_parser(
        "baseline", help="profile the training data and suggest constraints"
    )
    _add_conf(baseline)
    _add_type(baseline)
    _add_engine(baseline)

    monitor = commands.add_parser(
        "monitor", help="check windows of captures against the pinned baseline"
    )
    _add_conf(monitor)
    _add_type(monitor)
    _add_engine(monitor)
    monitor.add_argument(
        "--window",
        metavar="START/DURATION",
        help="one window, such as 2013-06-20T00:00Z/P1D; without it every complete window that "
        "was not run yet, oldest first",
    )
    monitor.add_argument("--variant", metavar="NAME", help="one production variant only")

    report = commands.add_parser(
        "report", help="write the violations per feature to partitions, and show them"
    )
    _add_conf(report)
    _add_type(report)
    _add_scope(report)

    _add_reviews(commands)

    check = commands.add_parser(
        "check", help="read the conf and the baseline, print what is in force; starts no Spark"
    )
    _add_conf(check)

    _add_upkeep(commands)
    _add_imports(commands.add_parser("import", help="take over what other tools have"))

    show = commands.add_parser(
        "show", help="a statistics, constraints or violations document as a table"
    )
    show.add_argument("path", metavar="PATH", help="a document's file or s3:// location")
    return parser


def _add_reviews(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    explain = commands.add_parser(
        "explain", help="why a feature alarmed in a window, or why it did not, step by step"
    )
    accept = commands.add_parser(
        "accept", help="a new baseline that allows what a window has shown of a feature"
    )
    for parser in (explain, accept):
        _add_conf(parser)
        parser.add_argument(
            "--feature", required=True, metavar="NAME", help="the feature, or metric"
        )
        _add_window(parser)
        parser.add_argument("--variant", metavar="NAME", help="one production variant only")
    _add_type(accept)
    replay = commands.add_parser(
        "replay", help="which alarms of past windows would come and go with other alarm settings"
    )
    _add_conf(replay)
    _add_type(replay)
    _add_scope(replay)
    mark = commands.add_parser(
        "mark", help="mark a window as bad, so that it never calibrates anything"
    )
    _add_conf(mark)
    _add_window(mark)
    mark.add_argument("--reason", default="", metavar="TEXT", help="what was wrong with it")
    mark.add_argument("--good", action="store_true", help="take the mark back")


def _add_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--window", required=True, metavar="START/DURATION", help="such as 2013-06-20T00:00Z/P1D"
    )


def _add_scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="since", metavar="T", help="windows that start at T or later"
    )
    parser.add_argument("--to", dest="until", metavar="T", help="windows that start before T")


def _add_imports(parser: argparse.ArgumentParser) -> None:
    imports = parser.add_subparsers(dest="what", required=True, metavar="WHAT")

    sagemaker = imports.add_parser(
        "sagemaker",
        help="turn the service's descriptions of a monitor into a conf, on stdout; what a conf "
        "cannot say is told on stderr",
    )
    sagemaker.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="JSON as `aws sagemaker` prints it for describe-monitoring-schedule, "
        "describe-data-quality-job-definition, describe-processing-job or describe-endpoint",
    )

    for name, file in (
        ("deequ", "the JSON of Deequ's constraint suggestions"),
        ("great-expectations", "a suite of Great Expectations, as JSON"),
        ("dqdl", "a ruleset of AWS Glue Data Quality, as text"),
    ):
        rules = imports.add_parser(
            name,
            help=f"turn {file}, into a constraint pack, on stdout; what packs cannot say is told "
            "on stderr",
        )
        rules.add_argument("path", metavar="PATH", help=f"{file}: a file or s3:// location")

    baseline = imports.add_parser(
        "baseline", help="pin a baseline that was made elsewhere, its documents as they are"
    )
    _add_conf(baseline)
    for name in ("statistics", "constraints"):
        baseline.add_argument(
            f"--{name}", required=True, metavar="URI", help=f"its {name}.json, a file or s3://"
        )


def _add_upkeep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    status = commands.add_parser(
        "status", help="the last runs, open incidents, missed windows, and the store's size"
    )
    _add_conf(status)

    doctor = commands.add_parser(
        "doctor", help="look for Java, Spark, credentials, permissions, clock and secrets"
    )
    _add_conf(doctor)
    doctor.add_argument("--master", metavar="URL", help="the Spark master; default: local[*]")

    clean = commands.add_parser(
        "clean", help="remove documents that are older than the conf's `retention` allows"
    )
    _add_conf(clean)
    clean.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    athena = commands.add_parser(
        "athena", help="print the statements for Athena's table of the violations"
    )
    _add_conf(athena)
    athena.add_argument("--database", default="default", metavar="NAME", help="default: default")


def _add_conf(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("conf", metavar="CONF", help="the conf of the monitored model, a YAML file")
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override a key of the conf, such as --set window=6h; may be repeated",
    )


def _add_type(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--type",
        choices=("data_quality", "model_quality"),
        help="one type of monitor only; default: all that the conf has sections for",
    )


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=("spark", "local", "auto", "deequ"),
        help="overrides the conf's `engine`",
    )
    parser.add_argument(
        "--master", metavar="URL", help="the Spark master; default: spark-submit's, or local[*]"
    )

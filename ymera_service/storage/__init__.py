"""Tables, migrations, the recorder and retention: the only package with SQL.

Read `records` for what is stored, `database` for opening and reading, `recorder` for writing, `retention` for
deleting.
"""

from ymera_service.storage.database import Database
from ymera_service.storage.recorder import Recorder
from ymera_service.storage.retention import Retention

__all__ = ["Database", "Recorder", "Retention"]

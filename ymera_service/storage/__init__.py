"""Tables, migrations and the recorder: the only room with SQL.

Read `records` for what is kept, `database` for how it is opened and read, `recorder` for how it is written.
"""

from ymera_service.storage.database import Database
from ymera_service.storage.recorder import Recorder

__all__ = ["Database", "Recorder"]

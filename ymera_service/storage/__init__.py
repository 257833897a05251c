"""Tables, migrations and the recorder: the only room with SQL."""

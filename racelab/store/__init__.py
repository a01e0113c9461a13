"""Tables, migrations, bulk writes and reads."""

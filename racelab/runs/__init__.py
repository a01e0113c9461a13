"""The papermill runner, parameter schemas and HTML."""

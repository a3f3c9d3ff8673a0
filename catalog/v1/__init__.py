"""The messages and stubs of gRPC, generated from proto/ when the project is installed (`setup.py`): nothing by hand."""

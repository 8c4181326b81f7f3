"""The line to the server as people see it: the pill, the coordinator and the sync page."""

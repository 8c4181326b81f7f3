"""The round on paper: printing a sheet, and entering it back by its codes."""

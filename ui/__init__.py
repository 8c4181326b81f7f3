"""The screens: PySide6 widgets over the services; nothing below knows them."""

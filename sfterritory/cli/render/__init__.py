"""Text, tables and files made of plans; rich and xlsxwriter are imported only in here."""

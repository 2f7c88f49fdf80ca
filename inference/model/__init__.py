"""The served model: fetched, verified, asked, swapped."""

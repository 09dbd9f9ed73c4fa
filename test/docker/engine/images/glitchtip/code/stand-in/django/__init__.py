"""As much of Django's names as the product's scripts use, on the stand-in's document in Postgres."""

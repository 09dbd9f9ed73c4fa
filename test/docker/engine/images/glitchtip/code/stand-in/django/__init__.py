"""The part of Django that the product's scripts use, on the stand-in's document in Postgres."""

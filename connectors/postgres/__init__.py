"""Plain PostgreSQL of somebody else: the databases of shops that have no other interface.

The role needs `CONNECT` on the database and `SELECT` on what is read; `INSERT` and `UPDATE` only
where something is written. Reads happen in read-only transactions.
"""

"""From parts that run low to goods on the shelf: rounds of sourcing, and what was bought."""

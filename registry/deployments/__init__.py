"""Reading registered deployments: filters, pages, one entry with its lineage, replay flags."""

"""Lists as people keep them in spreadsheets: from a file's bytes to lines under known columns.

``reading`` is the door; what the columns of a fleet list mean is in ``models.registry``.
"""

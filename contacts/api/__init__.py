"""Companies, people, leads, activities and tasks under /api/v1/."""

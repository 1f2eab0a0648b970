"""Companies, people, leads, activities, tasks."""

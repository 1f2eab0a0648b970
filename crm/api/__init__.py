"""The API: authentication, paging, errors."""

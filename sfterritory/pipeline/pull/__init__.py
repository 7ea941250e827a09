"""Pull: bring what changed in Salesforce into the store, page by page, resumable at any point."""

"""Key services: who wraps the keys of objects, and can destroy access to all of them."""

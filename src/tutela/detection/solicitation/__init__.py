"""Text from one to many (a profile, a post, a title, a listing) rated for solicitation."""

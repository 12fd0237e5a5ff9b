"""The numbers behind the page: what the store holds, sums by day or week, and problems."""

SELECT to_jalali('2025-12-06');

SELECT period_index('2025-03-01', 'month') - period_index('2024-12-31', 'month');

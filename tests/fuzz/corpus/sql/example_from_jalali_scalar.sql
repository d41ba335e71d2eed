SELECT from_jalali('1404/09/15');

namespace Messaging.Contracts.Kinds;

/// <summary>Finds the names that somebody may have meant, for messages such as "did you mean 'http.fetch'?".</summary>
public static class NearestNames
{
    // Longer ones are no misspelt names, and the distance costs length times length.
    private const int MaxLength = 100;

    /// <summary>
    /// The nearest of the known names, best first: by edit distance (insert, delete, replace, swap of two neighbours; upper and lower case count as
    /// the same), at most a third of the name's length but at least 1, and less than either name's length; a known name that has the given one as a whole part is near too.
    /// </summary>
    /// <param name="name">What was written.</param>
    /// <param name="known">The names that there are.</param>
    /// <param name="most">How many are returned at most. Default: 3.</param>
    public static IReadOnlyList<string> Find(string name, IEnumerable<string> known, int most = 3)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(known);
        if (name.Length is 0 or > MaxLength)
            return [];
        var limit = Math.Max(1, name.Length / 3);
        return
        [
            .. known
                .Select(k => (Name: k, Distance: Distance(name, k, limit)))
                .Where(k => k.Distance <= limit)
                .OrderBy(k => k.Distance)
                .ThenBy(k => k.Name, StringComparer.Ordinal)
                .Select(k => k.Name)
                .Distinct()
                .Take(most),
        ];
    }

    /// <summary>The names as the end of a sentence: <c>; did you mean 'a' or 'b'?</c>, or a full stop if there is none.</summary>
    internal static string Question(IReadOnlyList<string> names) =>
        names.Count == 0 ? "." : $"; did you mean {string.Join(" or ", names.Select(n => $"'{n}'"))}?";

    private static int Distance(string name, string known, int limit)
    {
        if (HasPart(known, name))
            return limit;
        if (Math.Abs(name.Length - known.Length) > limit || known.Length > MaxLength)
            return int.MaxValue;
        var distance = EditDistance(name, known);
        // With every character replaced, two names have nothing in common.
        return distance < Math.Min(name.Length, known.Length) ? distance : int.MaxValue;
    }

    private static bool HasPart(string known, string part) =>
        part.Length >= 3 && known.Split('.', '-', '_').Contains(part, StringComparer.OrdinalIgnoreCase);

    // Optimal string alignment: three rows of the classic table are enough.
    private static int EditDistance(string a, string b)
    {
        Span<int> before = stackalloc int[b.Length + 1];
        Span<int> last = stackalloc int[b.Length + 1];
        Span<int> row = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1));
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }

            var free = before;
            before = last;
            last = row;
            row = free;
        }

        return last[b.Length];
    }

    private static bool Same(char x, char y) => char.ToLowerInvariant(x) == char.ToLowerInvariant(y);
}

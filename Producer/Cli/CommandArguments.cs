namespace Messaging.Producer.Cli;

/// <summary>The arguments of a verb are wrong.</summary>
internal sealed class CommandException(string message) : Exception(message);

/// <summary>The arguments of a verb, taken apart: words, options with a value, and settings (<c>--Messaging:Postgres=…</c>).</summary>
/// <param name="Words">Whatever is no option, in order.</param>
/// <param name="Options">By name.</param>
/// <param name="Settings">For the configuration.</param>
internal sealed record CommandArguments(string[] Words, IReadOnlyDictionary<string, string> Options, string[] Settings)
{
    /// <summary>Reads arguments. An option that is not known is wrong: it may be a misspelt one.</summary>
    /// <exception cref="CommandException">They are wrong; says how.</exception>
    public static CommandArguments Parse(IReadOnlyList<string> arguments, params string[] known)
    {
        var words = new List<string>();
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        var settings = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                words.Add(argument);
                continue;
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? argument[2..] : argument[2..equals];
            if (equals < 0 && ++i == arguments.Count)
                throw new CommandException($"--{name} has no value.");
            var value = equals < 0 ? arguments[i] : argument[(equals + 1)..];
            if (name.Contains(':', StringComparison.Ordinal))
                settings.Add($"--{name}={value}");
            else if (!known.Contains(name))
                throw new CommandException($"--{name} is not known; known are {string.Join(", ", known.Select(k => "--" + k))}.");
            else if (!options.TryAdd(name, value))
                throw new CommandException($"--{name} is there more than once.");
        }

        return new CommandArguments([.. words], options, [.. settings]);
    }

    /// <summary>An option that may be left out.</summary>
    public string? Optional(string name, Func<string, bool> allowed, string rule)
    {
        if (!Options.TryGetValue(name, out var value))
            return null;
        return allowed(value) ? value : throw new CommandException($"--{name} is not {rule}.");
    }

    /// <summary>An option that must be there.</summary>
    public string Required(string name, Func<string, bool> allowed, string rule) =>
        Optional(name, allowed, rule) ?? throw new CommandException($"--{name} is missing.");
}

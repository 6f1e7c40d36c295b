using System.Globalization;
using Messaging.Contracts.Kinds;
using Microsoft.Extensions.Configuration;

namespace Messaging.Contracts.Client;

/// <summary>Where the Producer is and how patient the client is. Read once, when the client is made.</summary>
public sealed class MessagingClientOptions
{
    /// <summary>Where the settings are, for those who keep them in a configuration.</summary>
    public const string Section = "Messaging:Client";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private static readonly string[] InCode = [nameof(Defaults), nameof(Handler)];

    private static readonly string[] InConfiguration =
    [
        nameof(BaseAddress), nameof(OtherAddresses), nameof(ApiKey), nameof(RequestTimeout), nameof(RetryFor), nameof(OutageLimit), nameof(MaxConnections),
        nameof(LongPolls), nameof(GenerateIdempotencyKeys),
    ];

    /// <summary>The Producer, or what stands in front of several: <c>https://tasks.example.com/</c>, with a path if it has one. Required.</summary>
    public Uri? BaseAddress { get; set; }

    /// <summary>
    /// Further Producers of the same ledger, for when the one in use does not answer: the client moves on to the next and stays there. Default: none,
    /// right where a load balancer does that.
    /// </summary>
    public IList<Uri> OtherAddresses { get; } = [];

    /// <summary>The API key, <c>msg_…</c>. Default: none, for a service without keys.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// How long one request may take until it is tried again, from when it is sent whole; each 64 KiB of a larger one may take as long. For batches and
    /// streams, how long they may be silent. Default 30 seconds; 100 milliseconds to a day.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a submit, a cancel or a look may be repeated, first try included, while nobody answers or the answer is 429 or 503. Default 1 minute; 0
    /// (never again) to a day. An answer that asks for a longer pause than is left ends it at once.
    /// </summary>
    public TimeSpan RetryFor { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a wait for a result, or an event stream, goes on while no Producer can be reached. Default 10 minutes; 0 to a day. A wait as such has no
    /// limit: give it a token.
    /// </summary>
    public TimeSpan OutageLimit { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Connections to a Producer, event streams not counted: each of those has its own. Default 32; 2 to 10,000.</summary>
    public int MaxConnections { get; set; } = 32;

    /// <summary>
    /// How many waited-for tasks hold a connection of their own, which tells of their end at once. All others share requests for up to 200 tasks, which
    /// tell of it within 50 milliseconds to 2 seconds, longer for tasks that take longer. Default 8; 0 to less than <see cref="MaxConnections"/>.
    /// </summary>
    public int LongPolls { get; set; } = 8;

    /// <summary>
    /// Whether a task that is submitted without an idempotency key gets one. Default true: without, the client can't repeat a request whose answer was
    /// lost, since that could make a second task. False saves the service a row for each task.
    /// </summary>
    public bool GenerateIdempotencyKeys { get; set; } = true;

    /// <summary>What tasks get unless their own options say otherwise. Default: what their kinds say.</summary>
    public SubmitOptions Defaults { get; set; } = new();

    /// <summary>What sends the requests; not disposed with the client. Default: an own one, whose connections are renewed every two minutes.</summary>
    public HttpMessageHandler? Handler { get; set; }

    /// <summary>Reads the settings that are in the configuration; the others stay as they are.</summary>
    /// <param name="configuration">
    /// The root; looked at is its section <see cref="Section"/>. Durations as <c>00:00:30</c>; several addresses as a list (<c>OtherAddresses:0</c>, an
    /// array in JSON) or joined by commas.
    /// </param>
    /// <exception cref="ArgumentException">A value can't be read, or there is no such setting; names it.</exception>
    public void Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration.GetSection(Section);
        foreach (var child in section.GetChildren())
            CheckName(child);
        BaseAddress = Setting(section, nameof(BaseAddress), "an address such as https://tasks.example.com/", AsAddress, BaseAddress);
        foreach (var (setting, address) in Items(section.GetSection(nameof(OtherAddresses))))
            OtherAddresses.Add(AsAddress(address, out var other) ? other! : throw Unreadable(setting, address, "a list of addresses, or addresses joined by commas"));
        ApiKey = section[nameof(ApiKey)] ?? ApiKey;
        RequestTimeout = Setting(section, nameof(RequestTimeout), "a time such as 00:00:30", AsTime, RequestTimeout);
        RetryFor = Setting(section, nameof(RetryFor), "a time such as 00:01:00", AsTime, RetryFor);
        OutageLimit = Setting(section, nameof(OutageLimit), "a time such as 00:10:00", AsTime, OutageLimit);
        MaxConnections = Setting(section, nameof(MaxConnections), "a number", AsNumber, MaxConnections);
        LongPolls = Setting(section, nameof(LongPolls), "a number", AsNumber, LongPolls);
        GenerateIdempotencyKeys = Setting(section, nameof(GenerateIdempotencyKeys), "true or false", bool.TryParse, GenerateIdempotencyKeys);
    }

    /// <summary>Checks all settings.</summary>
    /// <exception cref="ArgumentException">Some can't be; the message has a line for each.</exception>
    internal void Check()
    {
        var faults = Faults().ToArray();
        if (faults.Length > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, faults));
    }

    private IEnumerable<string> Faults()
    {
        if (BaseAddress is null)
            yield return $"{Section}:{nameof(BaseAddress)} is missing; it must be the Producer's address, such as http://127.0.0.1:8080/.";
        foreach (var address in OtherAddresses.Prepend(BaseAddress).OfType<Uri>())
        {
            if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https"))
                yield return $"{Section}: '{address}' is no address of a Producer; it must begin with http:// or https://.";
        }

        if (ApiKey is { } key && (key.Length == 0 || key.Any(c => c is <= ' ' or > '~')))
            yield return $"{Section}:{nameof(ApiKey)} is empty or has characters that no key has."; // the key itself is shown to nobody
        if (RequestTimeout < TimeSpan.FromMilliseconds(100) || RequestTimeout > Longest)
            yield return Fault(nameof(RequestTimeout), RequestTimeout, "from 00:00:00.1 to 1.00:00:00");
        if (RetryFor < TimeSpan.Zero || RetryFor > Longest)
            yield return Fault(nameof(RetryFor), RetryFor, "from 00:00:00 to 1.00:00:00");
        if (OutageLimit < TimeSpan.Zero || OutageLimit > Longest)
            yield return Fault(nameof(OutageLimit), OutageLimit, "from 00:00:00 to 1.00:00:00");
        if (MaxConnections is < 2 or > 10_000)
            yield return Fault(nameof(MaxConnections), MaxConnections, "from 2 to 10000");
        if (LongPolls < 0 || LongPolls >= MaxConnections)
            yield return Fault(nameof(LongPolls), LongPolls, $"from 0 to less than {nameof(MaxConnections)}, {MaxConnections}");
        if (Defaults.IdempotencyKey is not null)
            yield return Fault(nameof(Defaults), Defaults.IdempotencyKey, "without an idempotency key: each task has its own");
    }

    private static void CheckName(IConfigurationSection child)
    {
        if (InCode.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            throw new ArgumentException($"{child.Path} can't be in a configuration: set it in code.");
        if (!InConfiguration.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            throw new ArgumentException($"There is no setting {child.Path}{NearestNames.Question(NearestNames.Find(child.Key, InConfiguration))}");
        var isList = child.Key.Equals(nameof(OtherAddresses), StringComparison.OrdinalIgnoreCase);
        if (!isList && child.GetChildren().FirstOrDefault() is { } part)
            throw new ArgumentException($"There is no setting {part.Path}: {child.Path} has one value.");
    }

    private static IEnumerable<(string Setting, string Text)> Items(IConfigurationSection list)
    {
        foreach (var text in (list.Value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            yield return (list.Key, text);
        foreach (var item in list.GetChildren())
            yield return ($"{list.Key}:{item.Key}", item.Value ?? "");
    }

    private delegate bool Reader<T>(string text, out T value);

    private static T Setting<T>(IConfigurationSection section, string name, string rule, Reader<T> read, T otherwise) =>
        section[name] is not { } text ? otherwise : read(text, out var value) ? value : throw Unreadable(name, text, rule);

    private static bool AsAddress(string text, out Uri? address) => Uri.TryCreate(text, UriKind.Absolute, out address);

    // A number alone would be so many days, which is hardly what was meant.
    private static bool AsTime(string text, out TimeSpan time)
    {
        time = default;
        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }

    private static bool AsNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static ArgumentException Unreadable(string setting, object value, string rule) => new(Fault(setting, value, rule));

    private static string Fault(string setting, object value, string rule) =>
        FormattableString.Invariant($"{Section}:{setting} is '{value}'; it must be {rule}.");
}

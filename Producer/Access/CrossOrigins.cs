using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Messaging.Producer.Access;

/// <summary>
/// Lets web pages of the configured origins use the API from browsers (CORS, WHATWG Fetch). Without credentials of the browser: there are none here, a
/// page sends its key or opens streams with a token.
/// </summary>
internal sealed class CrossOrigins(IOptions<CrossOriginOptions> options)
{
    // Chromium keeps the answer to a preflight no longer than two hours.
    private static readonly TimeSpan PreflightAge = TimeSpan.FromHours(1);

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Patch, HttpMethods.Delete];

    private static readonly string[] RequestHeaders =
    [
        "Authorization", "Content-Type", "Content-Disposition", "Content-Digest", "Repr-Digest", "Idempotency-Key", "If-Match", "If-None-Match", "If-Range",
        "Last-Event-ID", "Prefer", "Range", "traceparent",
    ];

    private readonly HashSet<string> _origins = new(options.Value.Origins, StringComparer.Ordinal);

    /// <summary>True if the request is one of a page that may, as its browser says.</summary>
    public bool Allows(StringValues origin) => origin is [{ } one] && _origins.Contains(one);

    /// <summary>Registers what is needed, and checks the setting.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        services.AddCors();
        services.AddSingleton<CrossOrigins>();
        services.AddOptions<CrossOriginOptions>().Bind(configuration.GetSection("Messaging:Cors")).ValidateOnStart().Validate(
            cors => cors.Origins.All(CrossOriginOptions.IsOrigin),
            "Messaging:Cors:Origins: each must be an origin such as https://app.example.com, without a path; '*' is not allowed, name them.");
    }

    /// <summary>Answers preflights, and tells browsers that the pages may read the answers. Nothing is put in the way where no origin is set.</summary>
    public static void Use(WebApplication app)
    {
        var origins = app.Services.GetRequiredService<CrossOrigins>()._origins;
        if (origins.Count > 0)
        {
            app.UseCors(policy => policy
                .WithOrigins([.. origins])
                .WithMethods(Methods)
                .WithHeaders(RequestHeaders)
                .WithExposedHeaders([.. OpenApi.ApiHeaders.All.Keys])
                .SetPreflightMaxAge(PreflightAge));
        }
    }
}
